# A kettle, a hair dryer, a start of a pump: each beyond the rating for less than a minute. Nobody is called
start 07:30
cabin 松林客栈, owner Ailin, second 叶尔兰
  room 203房 on 2号箱 3号开关, 40 A
203房 current every 10s: 12 x 30, 48 x 5, 12 x 30, 46 x 5, 10 x 60
203房 leakage every 10s: 40 x 60, 320 x 2, 40 x 68
expect none   case opened
expect none   notice sms to Ailin
